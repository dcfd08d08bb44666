"""What both doors share: the parameters of PS3.18, media types, the picture's description."""
