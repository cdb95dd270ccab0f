"""What the gateway answers in the integration's place."""
