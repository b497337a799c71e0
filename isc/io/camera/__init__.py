"""Videos and the face tracker: frames in, landmarks out."""
