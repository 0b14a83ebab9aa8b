//! Reading and writing the fields of a frame. Integers are big-endian; every length is checked before it is used (W5).

use super::{frame::BadFrame, text};

/// What is left of a frame.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadFrame> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(BadFrame::Short)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, BadFrame> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, BadFrame> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, BadFrame> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, BadFrame> {
        self.array().map(i64::from_be_bytes)
    }

    /// A 16-bit count of bytes, and so many bytes of text.
    pub(super) fn str(&mut self) -> Result<String, BadFrame> {
        let length = usize::from(self.u16()?);
        let (head, rest) = self.0.split_at_checked(length).ok_or(BadFrame::Short)?;
        self.0 = rest;
        text::read(head).ok_or(BadFrame::NotText)
    }

    /// How many bytes are left.
    pub(super) const fn left(&self) -> usize {
        self.0.len()
    }

    /// Everything that is left.
    pub(super) fn rest(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// A frame on its way to bytes.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(first: u8) -> Self {
        Self(vec![first])
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn u16(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn u32(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// Text with its length before it. Ids and topics are short; what does not fit the length is cut.
    pub(super) fn str(self, text: &str) -> Self {
        let bytes = text::write(text);
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        let kept = bytes.get(..usize::from(length)).unwrap_or_default();
        self.u16(length).raw(kept)
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}
