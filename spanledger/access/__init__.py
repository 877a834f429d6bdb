"""Who may reach the dashboard and the API, and as what."""
