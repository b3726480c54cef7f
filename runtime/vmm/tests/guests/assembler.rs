//! Just enough of an assembler: bytes, constants, short jumps.

use rdcl_abi::{Image, RingShape};

/// Machine code in the making.
#[derive(Clone, Default)]
pub struct Code(pub Vec<u8>);

/// A register of the first eight, as its number in encodings.
#[derive(Clone, Copy)]
pub enum Register {
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rbp = 5,
}

impl Code {
    pub fn op(mut self, bytes: &[u8]) -> Code {
        self.0.extend(bytes);
        self
    }

    /// `mov register, value`
    pub fn set(self, register: Register, value: u64) -> Code {
        self.op(&[0x48, 0xb8 + register as u8]).op(&value.to_le_bytes())
    }

    /// `push value`, sign-extended.
    pub fn push(self, value: u32) -> Code {
        self.op(&[0x68]).op(&value.to_le_bytes())
    }

    /// An instruction that ends in 32 bits.
    pub fn op32(self, bytes: &[u8], value: u32) -> Code {
        self.op(bytes).op(&value.to_le_bytes())
    }

    pub fn here(&self) -> usize {
        self.0.len()
    }

    /// A short jump with this opcode back to there.
    pub fn back(self, opcode: u8, target: usize) -> Code {
        let distance = target as i64 - (self.here() as i64 + 2);
        self.op(&[opcode, i8::try_from(distance).unwrap() as u8])
    }

    /// A short jump with this opcode over what `inner` adds.
    pub fn over(self, opcode: u8, inner: impl FnOnce(Code) -> Code) -> Code {
        let hole = self.here() + 1;
        let mut code = inner(self.op(&[opcode, 0]));
        code.0[hole] = u8::try_from(code.here() - hole - 1).unwrap();
        code
    }

    /// An image of this code: a page of tables, a page of data, small rings, two ports.
    pub fn image(self) -> Image {
        Image {
            code: self.0,
            entry: 0,
            rodata: (0..64).collect(),
            data: vec![0; 8],
            data_bytes: 4096,
            counters: 1,
            ports: 2,
            rings: RingShape::new(3, 8).unwrap(),
        }
    }
}
