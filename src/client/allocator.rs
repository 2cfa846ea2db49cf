//! An allocator that wipes what is given back, so that no copy of a token outlives its use in wasm memory: not in a
//! reply's buffer, not in a string that crossed from JavaScript, not in a vector that grew.

use std::alloc::{GlobalAlloc, Layout, System};

struct Wiping;

#[global_allocator]
static ALLOCATOR: Wiping = Wiping;

// SAFETY: each method hands its arguments on to `System` under the same contract; `dealloc` writes only inside the block
// that its caller gives up. `realloc` is the trait's own: allocate, copy, `dealloc`, which wipes the old block.
#[expect(unsafe_code, reason = "an allocator can't be written without")]
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above. Volatile words would cost size; the call into `System` keeps this write from being elided.
        unsafe {
            block.write_bytes(0, layout.size());
            core::hint::black_box(block);
            System.dealloc(block, layout);
        }
    }
}
