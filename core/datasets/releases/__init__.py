"""What loaders of public releases share: formats, stored copies, standard options."""
