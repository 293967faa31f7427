"""Sixbit put into other programs, and taken out again: a module a program, each with install, uninstall and doctor."""
