"""What node_exporter, kube-state-metrics, cAdvisor and the kubelet export, as far as the corpus reads it.

A line is a name, its kind, its unit, and its labels beside those of the scrape.
"""

from __future__ import annotations

from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label, Metric
from tocsin.units import BYTES, REQUESTS, SECONDS, Unit

_PODS = "namespace pod uid"
_CONTAINERS = "namespace pod container uid"
_NODE = """
node_cpu_seconds_total counter seconds cpu mode
node_load1 gauge number
node_load5 gauge number
node_load15 gauge number
node_memory_MemTotal_bytes gauge bytes
node_memory_MemAvailable_bytes gauge bytes
node_memory_MemFree_bytes gauge bytes
node_memory_Buffers_bytes gauge bytes
node_memory_Cached_bytes gauge bytes
node_memory_Slab_bytes gauge bytes
node_memory_SwapTotal_bytes gauge bytes
node_memory_SwapFree_bytes gauge bytes
node_filesystem_avail_bytes gauge bytes device fstype mountpoint device_error
node_filesystem_free_bytes gauge bytes device fstype mountpoint device_error
node_filesystem_size_bytes gauge bytes device fstype mountpoint device_error
node_filesystem_readonly gauge number device fstype mountpoint device_error
node_filesystem_device_error gauge number device fstype mountpoint device_error
node_filesystem_files gauge number device fstype mountpoint device_error
node_filesystem_files_free gauge number device fstype mountpoint device_error
node_disk_io_time_seconds_total counter seconds device
node_disk_io_time_weighted_seconds_total counter seconds device
node_disk_read_bytes_total counter bytes device
node_disk_read_time_seconds_total counter seconds device
node_disk_reads_completed_total counter number device
node_disk_write_time_seconds_total counter seconds device
node_disk_writes_completed_total counter number device
node_network_receive_bytes_total counter bytes device
node_network_transmit_bytes_total counter bytes device
node_network_receive_errs_total counter number device
node_network_receive_packets_total counter number device
node_network_transmit_drop_total counter number device
node_network_up gauge number device operstate
node_network_carrier gauge number device
node_nf_conntrack_entries gauge number
node_nf_conntrack_entries_limit gauge number
node_timex_offset_seconds gauge seconds
node_timex_sync_status gauge number
node_timex_maxerror_seconds gauge seconds
node_boot_time_seconds gauge seconds
node_md_disks gauge number device state
node_md_disks_required gauge number device
node_systemd_unit_state gauge number name state type
node_hwmon_temp_celsius gauge number chip sensor
node_hwmon_temp_max_celsius gauge number chip sensor
node_hwmon_sensor_label gauge number chip sensor label
node_pressure_cpu_waiting_seconds_total counter seconds
node_pressure_memory_stalled_seconds_total counter seconds
node_uname_info gauge number domainname machine nodename release sysname version
node_context_switches_total counter number
"""
_KUBERNETES = f"""
kube_pod_container_status_restarts_total counter number {_CONTAINERS}
kube_pod_container_status_waiting_reason gauge number {_CONTAINERS} reason
kube_pod_container_status_terminated_reason gauge number {_CONTAINERS} reason
kube_pod_container_status_last_terminated_reason gauge number {_CONTAINERS} reason
kube_pod_container_resource_requests gauge number {_CONTAINERS} node resource unit
kube_pod_container_resource_limits gauge number {_CONTAINERS} node resource unit
kube_pod_status_phase gauge number {_PODS} phase
kube_pod_status_ready gauge number {_PODS} condition
kube_pod_status_scheduled_time gauge seconds {_PODS}
kube_pod_created gauge seconds {_PODS}
kube_pod_owner gauge number {_PODS} owner_kind owner_name owner_is_controller
kube_pod_info gauge number {_PODS} node host_ip pod_ip created_by_kind created_by_name
kube_replicaset_owner gauge number namespace replicaset owner_kind owner_name owner_is_controller
kube_deployment_spec_replicas gauge number namespace deployment
kube_deployment_status_replicas_available gauge number namespace deployment
kube_deployment_status_replicas_updated gauge number namespace deployment
kube_deployment_status_observed_generation gauge number namespace deployment
kube_deployment_metadata_generation gauge number namespace deployment
kube_statefulset_replicas gauge number namespace statefulset
kube_statefulset_status_replicas gauge number namespace statefulset
kube_statefulset_status_replicas_ready gauge number namespace statefulset
kube_statefulset_status_replicas_updated gauge number namespace statefulset
kube_statefulset_status_current_revision gauge number namespace statefulset revision
kube_statefulset_status_update_revision gauge number namespace statefulset revision
kube_daemonset_status_current_number_scheduled gauge number namespace daemonset
kube_daemonset_status_desired_number_scheduled gauge number namespace daemonset
kube_job_status_start_time gauge seconds namespace job_name
kube_job_status_active gauge number namespace job_name
kube_job_failed gauge number namespace job_name condition
kube_cronjob_next_schedule_time gauge seconds namespace cronjob
kube_cronjob_status_last_schedule_time gauge seconds namespace cronjob
kube_cronjob_spec_suspend gauge number namespace cronjob
kube_horizontalpodautoscaler_spec_max_replicas gauge number namespace horizontalpodautoscaler
kube_horizontalpodautoscaler_spec_min_replicas gauge number namespace horizontalpodautoscaler
kube_horizontalpodautoscaler_status_current_replicas gauge number namespace horizontalpodautoscaler
kube_horizontalpodautoscaler_status_desired_replicas gauge number namespace horizontalpodautoscaler
kube_node_status_allocatable gauge number node resource unit
kube_node_status_capacity gauge number node resource unit
kube_node_status_condition gauge number node condition status
kube_node_spec_unschedulable gauge number node
kube_node_spec_taint gauge number node key value effect
kube_node_info gauge number node kernel_version kubelet_version
kube_resourcequota gauge number namespace resourcequota resource type
kube_persistentvolume_status_phase gauge number persistentvolume phase
kube_persistentvolumeclaim_access_mode gauge number namespace persistentvolumeclaim access_mode
kube_namespace_status_phase gauge number namespace phase
kubelet_volume_stats_available_bytes gauge bytes namespace persistentvolumeclaim node
kubelet_volume_stats_capacity_bytes gauge bytes namespace persistentvolumeclaim node
kubelet_volume_stats_used_bytes gauge bytes namespace persistentvolumeclaim node
kubelet_volume_stats_inodes gauge number namespace persistentvolumeclaim node
kubelet_volume_stats_inodes_free gauge number namespace persistentvolumeclaim node
kubelet_node_name gauge number node
kubelet_pod_worker_duration_seconds histogram seconds operation_type
container_cpu_usage_seconds_total counter seconds {_CONTAINERS} node id image
container_cpu_cfs_throttled_periods_total counter number {_CONTAINERS} node id image
container_cpu_cfs_periods_total counter number {_CONTAINERS} node id image
container_memory_working_set_bytes gauge bytes {_CONTAINERS} node id image
container_memory_rss gauge bytes {_CONTAINERS} node id image
container_network_receive_bytes_total counter bytes namespace pod node id image interface
machine_cpu_cores gauge number node
machine_memory_bytes gauge bytes node
apiserver_request_total counter number verb resource subresource code
apiserver_request_terminations_total counter number verb resource subresource code
apiserver_request_duration_seconds histogram seconds verb resource subresource
rest_client_requests_total counter number code method host namespace
workqueue_depth gauge number name
workqueue_queue_duration_seconds histogram seconds name
scheduler_schedule_attempts_total counter number profile result
scheduler_scheduling_attempt_duration_seconds histogram seconds profile result
"""
_UNITS: dict[str, Unit] = {"seconds": SECONDS, "bytes": BYTES, "number": REQUESTS / REQUESTS}
_TARGETS = tuple(Label(name) for name in ("job", "instance", "cluster"))


def _metric(line: str) -> Metric:
    name, kind, unit, *names = line.split()
    labels = tuple(Label(label) for label in names)
    if kind == "counter":
        return Counter(name, "", labels=labels, unit=_UNITS[unit], initialised=True)
    if kind == "histogram":
        return Histogram(name, "", labels=labels, unit=_UNITS[unit], buckets=(0.1, 1.0, 10.0))
    return Gauge(name, "", labels=labels, unit=_UNITS[unit])


def _catalog(name: str, text: str) -> Catalog:
    metrics = tuple(_metric(line) for line in text.strip().splitlines())
    return Catalog(name, metrics, target_labels=_TARGETS, scrape_interval="30s")


NODE = _catalog("node", _NODE)
KUBERNETES = _catalog("kubernetes", _KUBERNETES)
