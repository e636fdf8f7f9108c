import COpenBLAS

/// Matrix products of row-major float32 matrices through OpenBLAS, single-threaded.
///
/// The engine and the trainer run one sequence per thread, so a product never splits itself over threads. Results
/// are written into an array from `offset` on, so that a product can fill one tensor of a flat parameter buffer.
public enum BLAS {
    /// Loads OpenBLAS with the core type that fits this processor; call once at start.
    ///
    /// - Throws: `EngineError.openBLAS` with what is missing and how to install it.
    public static func load() throws(EngineError) {
        if let message = unsafe pi_openblas_load() {
            throw .openBLAS(unsafe String(cString: message))
        }
    }

    /// The core type that OpenBLAS chose, such as "Haswell", and whether it fits this processor.
    public static var core: (name: String, fits: Bool) {
        (unsafe String(cString: pi_openblas_core()), pi_openblas_core_fits())
    }

    /// y[m,n] = alpha * x[m,k] w[n,k]ᵀ + beta * y: a linear layer over m rows.
    public static func linear(
        _ x: ArraySlice<Float>, _ w: ArraySlice<Float>, into y: inout [Float], at offset: Int = 0, rows m: Int,
        inputs k: Int,
        outputs n: Int, alpha: Float = 1, beta: Float = 0
    ) {
        precondition(x.count >= m * k && w.count >= n * k && y.count >= offset + m * n, "linear: a matrix is too small")
        unsafe x.withUnsafeBufferPointer { x in
            unsafe w.withUnsafeBufferPointer { w in
                unsafe y.withUnsafeMutableBufferPointer { y in
                    if m == 1 {
                        unsafe pi_sgemv(n, k, alpha, w.baseAddress!, k, x.baseAddress!, beta, y.baseAddress! + offset)
                    } else {
                        unsafe pi_sgemm(
                            false, true, m, n, k, alpha, x.baseAddress!, k, w.baseAddress!, k, beta,
                            y.baseAddress! + offset,
                            n)
                    }
                }
            }
        }
    }

    /// dx[m,k] = alpha * dy[m,n] w[n,k] + beta * dx: the input gradient of `linear`.
    public static func linearInputGradient(
        _ dy: ArraySlice<Float>, _ w: ArraySlice<Float>, into dx: inout [Float], at offset: Int = 0, rows m: Int,
        inputs k: Int,
        outputs n: Int, alpha: Float = 1, beta: Float = 0
    ) {
        precondition(
            dy.count >= m * n && w.count >= n * k && dx.count >= offset + m * k, "gradient: a matrix is too small")
        unsafe dy.withUnsafeBufferPointer { dy in
            unsafe w.withUnsafeBufferPointer { w in
                unsafe dx.withUnsafeMutableBufferPointer { dx in
                    unsafe pi_sgemm(
                        false, false, m, k, n, alpha, dy.baseAddress!, n, w.baseAddress!, k, beta,
                        dx.baseAddress! + offset, k)
                }
            }
        }
    }

    /// dw[n,k] = alpha * dy[m,n]ᵀ x[m,k] + beta * dw: the weight gradient of `linear`.
    public static func linearWeightGradient(
        _ dy: ArraySlice<Float>, _ x: ArraySlice<Float>, into dw: inout [Float], at offset: Int = 0, rows m: Int,
        inputs k: Int,
        outputs n: Int, alpha: Float = 1, beta: Float = 1
    ) {
        precondition(
            dy.count >= m * n && x.count >= m * k && dw.count >= offset + n * k, "gradient: a matrix is too small")
        unsafe dy.withUnsafeBufferPointer { dy in
            unsafe x.withUnsafeBufferPointer { x in
                unsafe dw.withUnsafeMutableBufferPointer { dw in
                    unsafe pi_sgemm(
                        true, false, n, k, m, alpha, dy.baseAddress!, n, x.baseAddress!, k, beta,
                        dw.baseAddress! + offset, k)
                }
            }
        }
    }
}
