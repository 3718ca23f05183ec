"""Subscribing: who gets which newsletter. Import, add, set, leave, export, erase."""
