//! Files that people send along with messages: their ids, names and kinds.
//!
//! A message names a file as `/files/ID` in one of the fields of its content; clients exchange that for a link that
//! works for a while. A file belongs to one conversation for ever.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};
use unicode_normalization::UnicodeNormalization;

use super::{ConversationId, Millis, UserId, ids::SORTABLE, person::is_invisible};

/// One file: 128 random bits inside, `f` and 26 symbols outside. Knowing it opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u128);

/// A text that is no file's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a file's id (`f` and 26 symbols)")]
pub struct InvalidFileId;

impl FileId {
    /// A new random id.
    pub fn random(rng: &mut dyn rand::RngCore) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(u128::from_be_bytes(bytes))
    }

    /// Wraps a 128-bit value, as kept by the store.
    pub const fn from_u128(value: u128) -> Self {
        Self(value)
    }

    /// The 128-bit value, as kept by the store.
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// How contents name this file.
    pub fn reference(self) -> String {
        format!("{REFERENCE}{self}")
    }

    /// The file that a content's field names; `None` for addresses elsewhere.
    pub fn referred(text: &str) -> Option<Self> {
        text.strip_prefix(REFERENCE)?.parse().ok()
    }
}

const REFERENCE: &str = "/files/";

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f{}", SORTABLE.encode(&self.0.to_be_bytes()))
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

impl FromStr for FileId {
    type Err = InvalidFileId;

    fn from_str(text: &str) -> Result<Self, InvalidFileId> {
        text.strip_prefix('f')
            .and_then(|symbols| SORTABLE.decode(symbols.as_bytes()).ok())
            .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
            .map(|bytes| Self(u128::from_be_bytes(bytes)))
            .ok_or(InvalidFileId)
    }
}

impl Serialize for FileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A file's name as it may be shown and offered for saving (F3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileName(String);

impl FileName {
    /// Longest name in characters.
    pub const MAX: usize = 120;

    /// Makes a name of whatever a client gave: NFC, one line, no separators, no controls, nothing invisible, no device
    /// of Windows. When nothing is left it is `file`.
    pub fn clean(text: &str) -> Self {
        let kept = text.nfc().filter(|c| !c.is_control() && !is_invisible(*c));
        let one: String = kept.map(|c| if matches!(c, '/' | '\\' | ':') { '_' } else { c }).collect();
        let one = one.trim().trim_end_matches(['.', ' ']);
        let name = shorten(one);
        let stem = name.split('.').next().unwrap_or_default().trim();
        if stem.is_empty() && name.chars().all(|c| c == '.' || c.is_whitespace()) {
            return Self("file".to_owned());
        }
        Self(if is_device(stem) { format!("_{name}") } else { name })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the last dot, in lower case; empty without one.
    pub fn ending(&self) -> String {
        let ending = self.0.rsplit_once('.').map_or("", |(stem, ending)| if stem.is_empty() { "" } else { ending });
        ending.to_ascii_lowercase()
    }

    /// The same name with another ending.
    #[must_use]
    pub fn ending_in(&self, ending: &str) -> Self {
        let stem = self.0.rsplit_once('.').map_or(self.0.as_str(), |(stem, _)| stem);
        Self::clean(&format!("{stem}.{ending}"))
    }
}

/// Keeps the ending of a name that is too long.
fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= FileName::MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let kept = if ending.chars().count() <= 10 { ending } else { "" };
    let room = FileName::MAX - kept.chars().count() - usize::from(!kept.is_empty());
    let head: String = name.chars().take(room).collect();
    if kept.is_empty() { head } else { format!("{}.{kept}", head.trim_end_matches(['.', ' '])) }
}

fn is_device(stem: &str) -> bool {
    let upper = stem.to_ascii_uppercase();
    let numbered = |name| upper.strip_prefix(name).is_some_and(|rest: &str| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CLOCK$") || numbered("COM") || numbered("LPT")
}

/// What a file is served as. Everything that is not on this list is a download without a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// A picture, written anew by us.
    Jpeg,
    /// A picture, written anew by us.
    Png,
    /// A picture that may move, written anew by us.
    Gif,
    /// Sound.
    Aac,
    /// Sound.
    M4a,
    /// Sound.
    Mp3,
    /// Sound.
    Ogg,
    /// Sound.
    Wav,
    /// Sound.
    WebmAudio,
    /// A film.
    Mp4,
    /// A film.
    WebmVideo,
    /// Anything else.
    Other,
}

/// What a file is to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A picture.
    Image,
    /// Sound.
    Voice,
    /// A film.
    Video,
    /// Something to save.
    File,
}

impl MediaType {
    /// Every type.
    pub const ALL: [Self; 12] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::Aac,
        Self::M4a,
        Self::Mp3,
        Self::Ogg,
        Self::Wav,
        Self::WebmAudio,
        Self::Mp4,
        Self::WebmVideo,
        Self::Other,
    ];

    /// The name in HTTP.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Aac => "audio/aac",
            Self::M4a => "audio/mp4",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg => "audio/ogg",
            Self::Wav => "audio/wav",
            Self::WebmAudio => "audio/webm",
            Self::Mp4 => "video/mp4",
            Self::WebmVideo => "video/webm",
            Self::Other => "application/octet-stream",
        }
    }

    /// The type with this name; [`MediaType::Other`] for unknown ones.
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.name() == name).unwrap_or(Self::Other)
    }

    /// What it is to people.
    pub const fn kind(self) -> FileKind {
        match self {
            Self::Jpeg | Self::Png | Self::Gif => FileKind::Image,
            Self::Aac | Self::M4a | Self::Mp3 | Self::Ogg | Self::Wav | Self::WebmAudio => FileKind::Voice,
            Self::Mp4 | Self::WebmVideo => FileKind::Video,
            Self::Other => FileKind::File,
        }
    }

    /// Whether a browser may show it in place instead of saving it (F4).
    pub const fn is_inline(self) -> bool {
        matches!(self.kind(), FileKind::Image | FileKind::Voice)
    }
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its id; also the name of its bytes.
    pub id: FileId,
    /// Where it belongs; `None` while a visitor's first message is not sent.
    pub conversation: Option<ConversationId>,
    /// Who sent it.
    pub uploader: UserId,
    /// What they call it.
    pub name: FileName,
    /// What it is served as.
    pub media_type: MediaType,
    /// Bytes as they are kept.
    pub size: u64,
    /// Of the bytes as they are kept.
    pub sha256: [u8; 32],
    /// Width and height of a picture.
    pub pixels: Option<(u32, u32)>,
    /// When it was kept.
    pub created_at: Millis,
}

/// A way to a file, for one viewer and a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub file: FileId,
    /// The proof.
    pub token: String,
    /// Until when it works.
    pub until: Millis,
    /// The file's name.
    pub name: FileName,
    /// What it is served as.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: u64,
    /// Width and height of a picture.
    pub pixels: Option<(u32, u32)>,
}

impl Link {
    /// The address on this server.
    pub fn address(&self) -> String {
        format!("{REFERENCE}{}/{}", self.token, percent_encoded(self.name.as_str()))
    }
}

/// `{file, url, until, kind, name, type, size, width?, height?}`
impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Link", 9)?;
        fields.serialize_field("file", &self.file)?;
        fields.serialize_field("url", &self.address())?;
        fields.serialize_field("until", &self.until)?;
        fields.serialize_field("kind", &self.media_type.kind())?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("type", self.media_type.name())?;
        fields.serialize_field("size", &self.size)?;
        if let Some((width, height)) = self.pixels {
            fields.serialize_field("width", &width)?;
            fields.serialize_field("height", &height)?;
        }
        fields.end()
    }
}

/// Text for an address or a header: everything but unreserved characters becomes `%XX`.
pub fn percent_encoded(text: &str) -> String {
    use fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The reverse of [`percent_encoded`]; `None` when it is not UTF-8 or a `%` stands alone.
pub fn percent_decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let [high, low, after @ ..] = after else { return None };
            let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(high)? * 16 + digit(low)?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f3_names_lose_what_could_lead_elsewhere() {
        for (given, kept) in [
            ("bowl.jpg", "bowl.jpg"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("C:\\temp\\a.txt", "C__temp_a.txt"),
            ("a\u{0}b\r\n.txt", "ab.txt"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("  \u{200b} ", "file"),
            ("con", "_con"),
            ("LPT1.txt", "_LPT1.txt"),
            ("trailing. . ", "trailing"),
            ("照片.png", "照片.png"),
            (".htaccess", ".htaccess"),
        ] {
            assert_eq!(FileName::clean(given).as_str(), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = FileName::clean(&format!("{}.jpeg", "x".repeat(300)));
        assert_eq!(name.as_str().chars().count(), FileName::MAX);
        assert_eq!(name.ending(), "jpeg");
        assert_eq!(FileName::clean("photo.webp").ending_in("jpg").as_str(), "photo.jpg");
        assert_eq!(FileName::clean(".png").ending(), "");
    }

    #[test]
    fn a_reference_names_only_our_files() {
        let id = FileId::from_u128(7);
        assert_eq!(FileId::referred(&id.reference()), Some(id));
        for elsewhere in ["https://evil.example/files/x", "/files/../x", "/files/", "//files/f", "/files/f123"] {
            assert_eq!(FileId::referred(elsewhere), None, "{elsewhere}");
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_harmless_name(text in any::<String>()) {
            let name = FileName::clean(&text);
            let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':') || is_invisible(c);
            prop_assert!(!name.as_str().is_empty() && !name.as_str().contains(bad));
            prop_assert!(!matches!(name.as_str(), "." | ".."));
            prop_assert!(name.as_str().chars().count() <= FileName::MAX + 1);
        }

        #[test]
        fn percent_encoding_comes_back(text in any::<String>()) {
            let encoded = percent_encoded(&text);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(percent_decoded(&encoded), Some(text));
        }
    }
}
