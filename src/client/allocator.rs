//! An allocator that wipes each block that is freed. So no copy of a token outlives its use in wasm
//! memory: not in the buffer of a reply, not in a string that came from JavaScript, not in a vector
//! that grew.
//!
//! It is small and simple. The sizes of blocks are powers of two. A freed block goes to the list of
//! its size, and is never split or joined. A keep needs little memory at a time, within a bound, so
//! the lists are bounded too.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::cell::{Cell, UnsafeCell};
use core::ptr::null_mut;

/// Log2 of the smallest block.
const SMALLEST: u32 = 4;
const SIZES: usize = 32;
const PAGE: usize = 1 << 16;

struct Wiping {
    /// The first free block of each size. Its first word is the address of the next one.
    waiting: UnsafeCell<[*mut u8; SIZES]>,
    /// Memory that was never used: from here to the end.
    fresh: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: the wasm is built without threads.
#[expect(unsafe_code, reason = "a static has to be Sync")]
unsafe impl Sync for Wiping {}

#[global_allocator]
static ALLOCATOR: Wiping = Wiping {
    waiting: UnsafeCell::new([null_mut(); SIZES]),
    fresh: Cell::new(0),
    end: Cell::new(0),
};

impl Wiping {
    /// A block of memory that was never used; null when there is none to be had.
    fn carve(&self, size: usize) -> *mut u8 {
        if self.end.get() - self.fresh.get() < size {
            let pages = size.div_ceil(PAGE);
            let before = memory_grow(0, pages);
            if before == usize::MAX {
                return null_mut();
            }
            // At the first time, or when somebody else has grown the memory, the new pages do not
            // follow on what was left.
            if before * PAGE != self.end.get() {
                self.fresh.set(before * PAGE);
            }
            self.end.set((before + pages) * PAGE);
        }
        let block = self.fresh.get();
        self.fresh.set(block + size);
        block as *mut u8
    }
}

/// Log2 of the block that holds so many bytes.
fn fitting(bytes: usize) -> u32 {
    usize::BITS - (bytes.max(1 << SMALLEST) - 1).leading_zeros()
}

// SAFETY: `alloc` gives out each block once until it comes back, of at least the size and alignment
// that were asked for; both methods are called with layouts of more than no bytes. `realloc` is the
// trait's own: allocate, copy, `dealloc`, which wipes the old block.
#[expect(unsafe_code, reason = "an allocator can't be written without")]
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Blocks lie at multiples of the smallest size. Nothing in this crate needs more.
        if layout.align() > 1 << SMALLEST {
            return null_mut();
        }
        let size = fitting(layout.size());
        // SAFETY: the lists are touched here and in `dealloc` only, never by both. What waits is a
        // block of ours, and begins with the address of the next.
        unsafe {
            let list = self.waiting.get().cast::<*mut u8>().add(size as usize);
            let block = *list;
            if block.is_null() {
                return self.carve(1 << size);
            }
            *list = *block.cast();
            block
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let size = fitting(layout.size());
        // SAFETY: the caller gives the block up, all of it. It stays reachable by its list, so the
        // compiler can't take the wiping for a write that nobody sees.
        unsafe {
            block.write_bytes(0, 1 << size);
            let list = self.waiting.get().cast::<*mut u8>().add(size as usize);
            *block.cast() = *list;
            *list = core::hint::black_box(block);
        }
    }
}
