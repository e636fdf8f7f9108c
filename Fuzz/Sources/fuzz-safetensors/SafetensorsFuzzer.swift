import FuzzSupport

@testable import CheckpointFiles

/// The header of a safetensors file describes exactly the file's data bytes, or is refused with the file's name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSafetensors(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(start, count)
    let data = Int(input.byte())
    let json = input.remaining()
    let header: SafetensorsHeader
    do throws(EngineError) {
        header = try SafetensorsHeader(json: json, fileSize: 8 + json.count + data, path: "x.safetensors")
    } catch {
        require(error.description.contains("x.safetensors"), "an error names its file")
        return 0
    }
    var covered = [Bool](repeating: false, count: data)
    for tensor in header.tensors.values {
        require(tensor.shape.reduce(tensor.type.size, *) == tensor.range.count, "a tensor has its shape's bytes")
        for byte in tensor.range {
            let place = byte - 8 - json.count
            require(!covered[place], "no byte belongs to two tensors")
            covered[place] = true
        }
    }
    require(covered.allSatisfy(\.self), "every byte belongs to a tensor")
    return 0
}
