"""What Beam is told so that it runs on an engine: a module for each, none of which imports Beam."""
