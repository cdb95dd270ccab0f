"""What a request costs: yett beside nginx, on the same machine in the same run."""
