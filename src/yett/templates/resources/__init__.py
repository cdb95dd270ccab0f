"""Resource types: what each becomes in operations, a module per service. No operation is done but through the actor."""
