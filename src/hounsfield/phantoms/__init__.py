"""Images to try things on: a made chest of known values, and a real image that comes with a package."""
