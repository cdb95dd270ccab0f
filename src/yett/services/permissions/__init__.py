"""Operation -> IAM action, resource and condition keys: one table a service. No operation, no I/O, no judgement."""
