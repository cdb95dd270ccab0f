"""The pooled HTTP/1.1 client for backends and identity providers; nothing here knows a route or an integration."""
