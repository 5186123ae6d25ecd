"""One file a sink: page (WebRTC), recording."""
