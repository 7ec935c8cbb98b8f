"""Suites: what is asked. A new one is one class here and one YAML file in conf/suite/."""
