"""Faces in pictures of any size: found, followed through the shots of a video, chosen, and cut out.

Functions on arrays. A detector looks at some frames (:mod:`.detector`), its boxes are linked into tracks within each shot
(:mod:`.shots`, :mod:`.tracks`), one face is chosen (:mod:`.choice`), and a square around it is what evaluators see
(:mod:`.crops`).
"""
