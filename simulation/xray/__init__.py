"""From a scene to a film: source, geometry, attenuation, detector and the vendor's processing."""
