"""Arms: what answers. A new one is one class here and one YAML file in conf/arm/."""
