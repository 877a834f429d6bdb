"""What people do on the page of alerts: respond, silence, and write rules against history."""
