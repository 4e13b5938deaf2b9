//! A zip archive without compression.
//! <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

/// 1 January 1980, the oldest day a zip can name.
const DAY: u16 = 0x0021;

/// Packs files, path and content.
pub(crate) fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let offset = small(body.len());
        let common = common_header(path, content);
        body.extend(b"PK\x03\x04");
        body.extend(&common);
        body.extend(path.as_bytes());
        body.extend(content);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(path.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX);
    let (size, offset) = (small(directory.len()), small(body.len()));
    body.extend(directory);
    body.extend(b"PK\x05\x06\0\0\0\0");
    body.extend(count.to_le_bytes());
    body.extend(count.to_le_bytes());
    body.extend(size.to_le_bytes());
    body.extend(offset.to_le_bytes());
    body.extend([0, 0]);
    body
}

/// From "version needed" to "extra length": the same in both kinds of header.
fn common_header(path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = Vec::new();
    let size = small(content.len());
    // Version 2.0, names in UTF-8, stored, midnight.
    for word in [20_u16, 0x0800, 0, 0, DAY] {
        header.extend(word.to_le_bytes());
    }
    header.extend(crc32(content).to_le_bytes());
    header.extend(size.to_le_bytes());
    header.extend(size.to_le_bytes());
    header.extend(u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
    header.extend(0_u16.to_le_bytes());
    header
}

fn small(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn the_directory_says_where_the_files_are() {
        let zip = archive(&[("a/b.txt".to_owned(), b"hello".to_vec())]);
        assert!(zip.starts_with(b"PK\x03\x04"));
        // Header of 30, name of 7, content of 5; then 46 and the name again; then 22.
        assert_eq!(zip.len(), 42 + 53 + 22);
        assert_eq!(&zip[42..46], b"PK\x01\x02");
        assert_eq!(&zip[42 + 46..42 + 53], b"a/b.txt");
    }
}
