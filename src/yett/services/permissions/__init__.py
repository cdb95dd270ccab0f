"""Operation -> IAM action, resource and condition keys: one written table a service. No operation, no I/O, no judgement."""
