"""What the product does on real films: found, behaves, repeats, knows where it is; metal and infants refused."""
