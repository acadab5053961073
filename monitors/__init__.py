"""What we watch: indicators, alerts, dashboards, and the site that they run at."""
