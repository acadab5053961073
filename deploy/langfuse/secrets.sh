#!/bin/sh
# Prints the Secret that the manifests refer to, with strong random values. Each run makes new ones: run it once.
#
#   sh deploy/langfuse/secrets.sh | kubectl apply --namespace observability --filename -
set -eu

hex() {
    od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}

cat <<EOF
apiVersion: v1
kind: Secret
metadata:
  name: langfuse
  labels:
    app.kubernetes.io/part-of: langfuse
type: Opaque
stringData:
  nextauth-secret: "$(hex 32)"
  salt: "$(hex 32)"
  encryption-key: "$(hex 32)"
  postgresql-password: "$(hex 24)"
  clickhouse-password: "$(hex 24)"
  redis-password: "$(hex 24)"
  s3-access-key: "$(hex 10)"
  s3-secret-key: "$(hex 24)"
EOF
