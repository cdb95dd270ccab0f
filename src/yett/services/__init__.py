"""What AWS's operations do: a folder a service, a module a resource. Everyone comes in through `perform`."""
