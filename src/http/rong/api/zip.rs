//! A ZIP file with one file in it, made while it is sent: nothing is kept, whatever its size.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::DeflateEncoder};

use crate::{http::error, model::Fault};

/// The names of sizes and places are 32 bits wide; what is larger is broken off rather than wrong.
const MOST: u64 = u32::MAX as u64;
/// Sizes stand behind the data; the name is UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
/// The version of the format that is needed, and the method.
const VERSION: u16 = 20;
const DEFLATE: u16 = 8;
/// Midnight of 1980-01-01: a time that says nothing.
const NO_TIME: u32 = 1 << 21 | 1 << 16;

/// The file under way.
pub(super) struct Zip {
    name: String,
    crc: crc32fast::Hasher,
    plain: u64,
    packed: u64,
    packer: DeflateEncoder<Vec<u8>>,
}

impl Zip {
    /// Begins with a file of this name; also the first bytes.
    pub(super) fn begin(name: String) -> (Self, Bytes) {
        let mut head = Vec::new();
        head.extend(0x0403_4b50_u32.to_le_bytes());
        head.extend(VERSION.to_le_bytes());
        head.extend(common(0, 0, 0));
        head.extend(length(&name).to_le_bytes());
        head.extend(0_u16.to_le_bytes());
        head.extend(name.as_bytes());
        let packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        (Self { name, crc: crc32fast::Hasher::new(), plain: 0, packed: 0, packer }, head.into())
    }

    /// The bytes that follow from more of the file; perhaps none yet.
    pub(super) fn add(&mut self, plain: &[u8]) -> Result<Bytes, Fault> {
        self.crc.update(plain);
        self.plain += plain.len() as u64;
        self.packer.write_all(plain).map_err(|_| error::internal())?;
        let packed = std::mem::take(self.packer.get_mut());
        self.packed += packed.len() as u64;
        if self.plain.max(self.packed) > MOST { Err(error::internal()) } else { Ok(packed.into()) }
    }

    /// The last bytes.
    pub(super) fn finish(self) -> Result<Bytes, Fault> {
        let Self { name, crc, plain, packed, packer } = self;
        let mut end = packer.finish().map_err(|_| error::internal())?;
        let packed = packed + end.len() as u64;
        let narrow = |size: u64| u32::try_from(size).map_err(|_| error::internal());
        let (crc, plain, packed) = (crc.finalize(), narrow(plain)?, narrow(packed)?);
        end.extend(0x0807_4b50_u32.to_le_bytes());
        for number in [crc, packed, plain] {
            end.extend(number.to_le_bytes());
        }
        // The head, the data and the sizes behind it.
        let directory = narrow(30 + u64::from(length(&name)) + u64::from(packed) + 16)?;
        let before = end.len();
        end.extend(0x0201_4b50_u32.to_le_bytes());
        end.extend(VERSION.to_le_bytes());
        end.extend(VERSION.to_le_bytes());
        end.extend(common(crc, packed, plain));
        end.extend(length(&name).to_le_bytes());
        // No extra field, no comment, on the first disk, no attributes, from the first byte on.
        end.extend([0; 16]);
        end.extend(name.as_bytes());
        let size = narrow((end.len() - before) as u64)?;
        end.extend(0x0605_4b50_u32.to_le_bytes());
        end.extend([0, 0, 0, 0, 1, 0, 1, 0]);
        end.extend(size.to_le_bytes());
        end.extend(directory.to_le_bytes());
        end.extend([0, 0]);
        Ok(end.into())
    }
}

/// What both heads of a file say.
fn common(crc: u32, packed: u32, plain: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20);
    bytes.extend(FLAGS.to_le_bytes());
    bytes.extend(DEFLATE.to_le_bytes());
    for number in [NO_TIME, crc, packed, plain] {
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

fn length(name: &str) -> u16 {
    u16::try_from(name.len()).expect("names are made here, of an app's key and an hour")
}
