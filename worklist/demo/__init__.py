"""The demo archive: real images fetched by package name, phantoms of known truth, and one patient's story."""
