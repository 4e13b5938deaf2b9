//! The smallest picture and sound, and blocks made of them.

use gitlab_mcp_core::tool::Content;

/// A PNG of one red pixel.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AA\
                              AAMBAQD3A0FDAAAAAElFTkSuQmCC";

/// A WAV of four silent samples.
pub(crate) const WAV: &str = "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA";

pub(crate) fn image() -> Content {
    Content::Image {
        data: PNG.to_owned(),
        mime_type: "image/png".to_owned(),
    }
}

pub(crate) fn sound() -> Content {
    Content::Audio {
        data: WAV.to_owned(),
        mime_type: "audio/wav".to_owned(),
    }
}

pub(crate) fn document(uri: &str, mime_type: &str, text: &str) -> Content {
    Content::Resource {
        uri: uri.to_owned(),
        mime_type: mime_type.to_owned(),
        text: text.to_owned(),
    }
}
