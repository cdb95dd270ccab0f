"""The rules of organizations: their tree, and which policies bind an account. Operations: `services/organizations`."""
