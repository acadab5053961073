#!/bin/sh
# Prints the Secret "langfuse", with strong random values. Each run makes new ones: run it once.
#
#   sh deploy/langfuse/secrets.sh | kubectl apply --namespace observability --filename -
#
# With `chart` it has the keys that the official Helm chart's parts look for; helm-values.yaml refers to them.
set -eu

case ${1:-} in
"" | chart) ;;
*)
    echo "usage: sh secrets.sh [chart]" >&2
    exit 2
    ;;
esac

hex() {
    od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}

postgresql=$(hex 24) redis=$(hex 24) s3_access=$(hex 10) s3_secret=$(hex 24)

cat <<EOT
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
  clickhouse-password: "$(hex 24)"
  s3-access-key: "$s3_access"
  s3-secret-key: "$s3_secret"
EOT

if [ "${1:-}" = chart ]; then
    credentials="[{\"accessKey\": \"$s3_access\", \"secretKey\": \"$s3_secret\"}]"
    actions='["Admin", "Read", "Write", "List", "Tagging"]'
    cat <<EOT
  POSTGRES_USER: postgres
  POSTGRES_PASSWORD: "$(hex 24)"
  POSTGRES_DB: langfuse
  USERDB_USER: langfuse
  USERDB_PASSWORD: "$postgresql"
  default: "$redis"
  seaweedfs_s3_config: '{"identities": [{"name": "langfuse", "credentials": $credentials, "actions": $actions}]}'
EOT
else
    cat <<EOT
  postgresql-password: "$postgresql"
  redis-password: "$redis"
EOT
fi
