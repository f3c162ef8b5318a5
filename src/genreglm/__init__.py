"""genreglm: an honest statistical study of music genre."""
