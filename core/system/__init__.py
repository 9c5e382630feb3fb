"""What of ours is about the machine: files written whole, ports, clocks, traces without a name in them."""
