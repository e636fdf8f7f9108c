import CKernels

extension KernelTable {
    /// Copies float32 values that need not be aligned.
    func copy(float32 bytes: UnsafeRawBufferPointer, into values: inout [Float], at index: Int) {
        precondition(index >= 0 && index * 4 + bytes.count <= values.count * 4)
        unsafe values.withUnsafeMutableBytes { target in
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[(index * 4)...]).copyMemory(from: bytes)
        }
    }

    /// Widens stored bfloat16 values that need not be aligned.
    func widen(bfloat16 bytes: UnsafeRawBufferPointer, into values: inout [Float], at index: Int) {
        unsafe widen(bytes, into: &values, at: index, with: functions.bf16_to_f32)
    }

    /// Widens stored IEEE half-precision values that need not be aligned.
    func widen(float16 bytes: UnsafeRawBufferPointer, into values: inout [Float], at index: Int) {
        unsafe widen(bytes, into: &values, at: index, with: functions.f16_to_f32)
    }

    private func widen(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Float], at index: Int,
        with convert: (UnsafeMutablePointer<Float>?, UnsafePointer<UInt16>?, Int) -> Void
    ) {
        let count = bytes.count / 2
        precondition(index >= 0 && index + count <= values.count)
        guard count > 0, let start = bytes.baseAddress else { return }
        unsafe values.withUnsafeMutableBufferPointer { target in
            if UInt(bitPattern: start) % 2 == 0 {
                unsafe convert(target.baseAddress! + index, start.assumingMemoryBound(to: UInt16.self), count)
            } else {
                let aligned = (0..<count).map { unsafe bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self) }
                unsafe convert(target.baseAddress! + index, aligned, count)
            }
        }
    }
}
