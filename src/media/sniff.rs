//! What a file is: by its content first, then by its name, then by what its sender says (F1).
//!
//! All three must agree, or it is a download without a type. What a browser could run or lay out (SVG, HTML, XML, PDF,
//! office files) is on no list.

use crate::model::{FileName, MediaType};

/// Bytes from the beginning of a file that tell what it is.
pub const HEAD: usize = 8 << 10;

/// A type that files may have, and the three ways in which it shows.
struct Known {
    media_type: Seen,
    /// What `infer` calls the content.
    content: &'static [&'static str],
    endings: &'static [&'static str],
    declared: &'static [&'static str],
}

/// What a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A picture, to be written anew.
    Picture(Format),
    /// To be kept as it is.
    Plain(MediaType),
}

/// The formats of pictures that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP; written anew as one of the others.
    Webp,
}

const KNOWN: [Known; 12] = [
    Known {
        media_type: Seen::Picture(Format::Jpeg),
        content: &["image/jpeg"],
        endings: &["jpg", "jpeg", "jpe", "jfif"],
        declared: &["image/jpeg", "image/jpg", "image/pjpeg"],
    },
    Known {
        media_type: Seen::Picture(Format::Png),
        content: &["image/png"],
        endings: &["png"],
        declared: &["image/png"],
    },
    Known {
        media_type: Seen::Picture(Format::Gif),
        content: &["image/gif"],
        endings: &["gif"],
        declared: &["image/gif"],
    },
    Known {
        media_type: Seen::Picture(Format::Webp),
        content: &["image/webp"],
        endings: &["webp"],
        declared: &["image/webp"],
    },
    Known {
        media_type: Seen::Plain(MediaType::Aac),
        content: &["audio/aac"],
        endings: &["aac"],
        declared: &["audio/aac", "audio/x-aac", "audio/vnd.dlna.adts"],
    },
    Known {
        media_type: Seen::Plain(MediaType::M4a),
        content: &["audio/m4a", "video/mp4"],
        endings: &["m4a", "mp4"],
        declared: &["audio/mp4", "audio/m4a", "audio/x-m4a"],
    },
    Known {
        media_type: Seen::Plain(MediaType::Mp3),
        content: &["audio/mpeg"],
        endings: &["mp3"],
        declared: &["audio/mpeg", "audio/mp3"],
    },
    Known {
        media_type: Seen::Plain(MediaType::Ogg),
        content: &["audio/ogg", "audio/opus"],
        endings: &["ogg", "oga", "opus"],
        declared: &["audio/ogg", "audio/opus"],
    },
    Known {
        media_type: Seen::Plain(MediaType::Wav),
        content: &["audio/x-wav"],
        endings: &["wav"],
        declared: &["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"],
    },
    Known {
        media_type: Seen::Plain(MediaType::WebmAudio),
        content: &["video/webm"],
        endings: &["webm", "weba"],
        declared: &["audio/webm"],
    },
    Known {
        media_type: Seen::Plain(MediaType::Mp4),
        content: &["video/mp4"],
        endings: &["mp4", "m4v"],
        declared: &["video/mp4"],
    },
    Known {
        media_type: Seen::Plain(MediaType::WebmVideo),
        content: &["video/webm"],
        endings: &["webm"],
        declared: &["video/webm"],
    },
];

/// What a file is. `head`: its first [`HEAD`] bytes; `declared`: the media type that came with it, perhaps with
/// parameters, which are ignored.
pub fn sniff(head: &[u8], name: &FileName, declared: &str) -> Seen {
    let content = infer::get(head).map_or("", |found| found.mime_type());
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let ending = name.ending();
    let agrees = |known: &&Known| {
        known.content.contains(&content)
            && known.endings.contains(&ending.as_str())
            && known.declared.contains(&declared.as_str())
    };
    KNOWN.iter().find(agrees).map_or(Seen::Plain(MediaType::Other), |known| known.media_type)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const OTHER: Seen = Seen::Plain(MediaType::Other);

    fn seen(head: &[u8], name: &str, declared: &str) -> Seen {
        sniff(head, &FileName::clean(name), declared)
    }

    #[test]
    fn f1_content_name_and_declaration_must_agree() {
        assert_eq!(seen(PNG, "a.png", "image/png"), Seen::Picture(Format::Png));
        assert_eq!(seen(PNG, "a.PNG", "IMAGE/PNG; x=1"), Seen::Picture(Format::Png));
        assert_eq!(seen(PNG, "a.jpg", "image/png"), OTHER);
        assert_eq!(seen(PNG, "a.png", "image/jpeg"), OTHER);
        assert_eq!(seen(PNG, "a.png", "text/html"), OTHER);
        assert_eq!(seen(PNG, "a.png.html", "image/png"), OTHER);
        assert_eq!(seen(b"<script>", "a.png", "image/png"), OTHER);
    }

    #[test]
    fn f1_what_a_browser_could_run_is_a_download() {
        let svg = b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";
        assert_eq!(seen(svg, "a.svg", "image/svg+xml"), OTHER);
        assert_eq!(seen(svg, "a.png", "image/png"), OTHER);
        assert_eq!(seen(b"<!doctype html><script>", "a.html", "text/html"), OTHER);
        assert_eq!(seen(b"%PDF-1.7", "a.pdf", "application/pdf"), OTHER);
        assert_eq!(seen(b"PK\x03\x04", "a.docx", "application/vnd.openxmlformats"), OTHER);
    }

    #[test]
    fn sound_and_films_share_containers() {
        let webm = [&[0x1a, 0x45, 0xdf, 0xa3][..], b"\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\x82\x84webm"].concat();
        let heard = seen(&webm, "voice.webm", "audio/webm;codecs=opus");
        if infer::get(&webm).is_some_and(|found| found.mime_type() == "video/webm") {
            assert_eq!(heard, Seen::Plain(MediaType::WebmAudio));
            assert_eq!(seen(&webm, "film.webm", "video/webm"), Seen::Plain(MediaType::WebmVideo));
        }
        let wav = b"RIFF\x24\0\0\0WAVEfmt ";
        assert_eq!(seen(wav, "v.wav", "audio/wav"), Seen::Plain(MediaType::Wav));
    }

    proptest! {
        #[test]
        fn any_bytes_are_something(head in any::<Vec<u8>>(), name in any::<String>(), declared in any::<String>()) {
            let seen = sniff(&head, &FileName::clean(&name), &declared);
            // A picture must at least begin like one.
            if let Seen::Picture(_) = seen {
                prop_assert!(infer::is_image(&head));
            }
        }
    }
}
