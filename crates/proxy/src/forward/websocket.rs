//! The frames of a WebSocket, as far as a proxy has to know them: where they end.

/// The longest head of a frame (RFC 6455, 5.2).
const LONGEST_HEAD: usize = 14;

/// What an instance says when it goes away: a close frame with code 1001.
pub(super) const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xe9];

/// Follows a stream of frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; LONGEST_HEAD],
    /// The bytes of the head so far.
    read: usize,
    /// The bytes of the payload to come.
    payload: u64,
}

impl Frames {
    /// Returns whether another frame may be put in here.
    pub(super) fn is_between(&self) -> bool {
        self.read == 0 && self.payload == 0
    }

    /// Follows `bytes` up to the first end of a frame; returns its offset, or `None` when it lies beyond.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.payload > 0 {
                let step = self.payload.min((bytes.len() - at) as u64);
                self.payload -= step;
                at += step as usize;
                if self.payload == 0 {
                    return Some(at);
                }
                continue;
            }
            self.head[self.read] = bytes[at];
            self.read += 1;
            at += 1;
            if let Some(payload) = self.complete_head() {
                self.read = 0;
                self.payload = payload;
                if payload == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// Follows all of `bytes`.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some(end) = self.advance(bytes) {
            bytes = &bytes[end..];
        }
    }

    /// Returns the payload's length once the head is complete.
    fn complete_head(&self) -> Option<u64> {
        if self.read < 2 {
            return None;
        }
        let mask = usize::from(self.head[1] >> 7) * 4;
        let (extended, length) = match self.head[1] & 0x7f {
            126 => (2, u64::from(u16::from_be_bytes([self.head[2], self.head[3]]))),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.head[2..10]);
                (8, u64::from_be_bytes(length))
            }
            short => (0, u64::from(short)),
        };
        (self.read == 2 + extended + mask).then_some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize, mask: u8) -> Vec<u8> {
        let mut frame = vec![0x82];
        match length {
            0..126 => frame.push(mask | length as u8),
            126..65_536 => {
                frame.push(mask | 0x7e);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(mask | 0x7f);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![7; length + usize::from(mask >> 7) * 4]);
        frame
    }

    #[test]
    fn boundaries_are_found_however_the_bytes_arrive() {
        let lengths = [0, 5, 125, 126, 70_000, 1];
        for mask in [0, 0x80] {
            let frames: Vec<Vec<u8>> = lengths.iter().map(|&length| frame(length, mask)).collect();
            let bytes = frames.concat();
            for step in [1, 2, 3, 1_000, bytes.len()] {
                let (mut follower, mut ends, mut passed) = (Frames::default(), Vec::new(), 0);
                for mut chunk in bytes.chunks(step) {
                    while let Some(end) = follower.advance(chunk) {
                        passed += end;
                        ends.push(passed);
                        chunk = &chunk[end..];
                    }
                    passed += chunk.len();
                }
                let mut sum = 0;
                let expected: Vec<usize> = frames
                    .iter()
                    .map(|frame| {
                        sum += frame.len();
                        sum
                    })
                    .collect();
                assert_eq!(ends, expected, "in steps of {step}");
                assert!(follower.is_between());
            }
        }
    }
}
