"""The tenants' budgets: edit budgets.yaml. Prometheus makes their series by itself, so no exporter must state them."""

from agentmetrics.catalog import tenant_daily_budget, tenant_id, tenant_monthly_budget
from tocsin.define import Table

budgets = Table(
    "tenant-budgets",
    by=tenant_id,
    columns={"daily": tenant_daily_budget, "monthly": tenant_monthly_budget},
    ascending=True,
    rows="budgets.yaml",
)
