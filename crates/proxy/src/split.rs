//! Which revision takes the next request.
//!
//! Requests are dealt in blocks: the smallest block in which every weight is a whole
//! number of requests (10 for 30 %, 2 for 50 %). Within a block the order is shuffled.
//! Hashing or drawing lots would be right only on average, so that 30 % of a few
//! hundred requests is seldom 30 %; a fixed round robin is exact, but a client whose
//! requests alternate would meet always the same revision, and the canary's statistics
//! would compare two kinds of requests instead of two revisions.
//!
//! Invariant: after every whole block each revision has taken exactly its weight.

/// How many shuffled orders of the block there are before they repeat.
const ORDERS: usize = 64;

/// The order in which revisions take requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    block: usize,
    /// `ORDERS` shuffled blocks, one behind the other, of indices into the weights.
    dealt: Vec<u8>,
}

impl Split {
    /// Returns the order for these weights, at most 256 of them, shuffled by `seed`; empty when all are zero.
    pub(crate) fn new(weights: &[u8], seed: u64) -> Self {
        let divisor = weights
            .iter()
            .fold(0, |divisor, &weight| gcd(divisor, usize::from(weight)));
        let mut block = Vec::new();
        for (index, &weight) in weights.iter().enumerate() {
            let count = usize::from(weight).checked_div(divisor).unwrap_or(0);
            block.extend(std::iter::repeat_n(index as u8, count));
        }
        let single = block.iter().all(|index| Some(index) == block.first());
        if single {
            block.truncate(1);
            return Self {
                block: block.len(),
                dealt: block,
            };
        }
        let mut random = seed;
        let mut dealt = Vec::with_capacity(block.len() * ORDERS);
        for _ in 0..ORDERS {
            for last in (1..block.len()).rev() {
                block.swap(last, (next(&mut random) % (last as u64 + 1)) as usize);
            }
            dealt.extend_from_slice(&block);
        }
        Self {
            block: block.len(),
            dealt,
        }
    }

    /// Returns whom the request numbered `turn` goes to, as an index into the weights.
    pub(crate) fn pick(&self, turn: u64) -> Option<usize> {
        if self.dealt.len() <= 1 {
            return self.dealt.first().map(|&index| usize::from(index));
        }
        let size = self.block as u64;
        let mut block = turn / size;
        let order = (next(&mut block) % ORDERS as u64) as usize;
        let at = order * self.block + (turn % size) as usize;
        self.dealt.get(at).map(|&index| usize::from(index))
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn gcd(left: usize, right: usize) -> usize {
    if right == 0 { left } else { gcd(right, left % right) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(weights: &[u8], block: usize) {
        let split = Split::new(weights, 7);
        assert_eq!(split.block, block);
        for start in 0..20 {
            let mut taken = vec![0; weights.len()];
            for turn in 0..block as u64 {
                taken[split.pick(start * block as u64 + turn).unwrap()] += 1;
            }
            for (index, &weight) in weights.iter().enumerate() {
                assert_eq!(taken[index] * 100, usize::from(weight) * block);
            }
        }
    }

    #[test]
    fn every_block_is_exact() {
        check(&[70, 30], 10);
        check(&[50, 50], 2);
        check(&[99, 1], 100);
        check(&[90, 0, 10], 10);
        check(&[33, 33, 34], 100);
    }

    #[test]
    fn a_sole_revision_takes_all_and_none_takes_none() {
        assert_eq!(Split::new(&[0, 100], 1).pick(12), Some(1));
        assert_eq!(Split::new(&[], 1).pick(12), None);
        assert_eq!(Split::new(&[0], 1).pick(12), None);
    }

    #[test]
    fn alternating_clients_do_not_meet_always_the_same_revision() {
        let split = Split::new(&[50, 50], 3);
        let even = (0..1_000).filter(|turn| split.pick(turn * 2) == Some(0)).count();
        assert!((300..700).contains(&even), "{even} of 1000");
    }
}
