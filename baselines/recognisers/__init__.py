"""Audio-visual speech recognisers: audio, video and audio-visual Conformers, V-CAFE and AV-RelScore."""
