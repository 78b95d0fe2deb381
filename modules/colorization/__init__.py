"""colorization: a grey photo to a coloured one."""
