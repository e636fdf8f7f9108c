/// Spearman's rank correlation; equal values share the mean of their ranks. 0 where one side is constant.
func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
    func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count && values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 }
            start = end + 1
        }
        return ranks
    }
    let (left, right) = (ranks(first), ranks(second))
    guard !left.isEmpty else { return 0 }
    let mean = Double(left.count - 1) / 2
    var sums = (cross: 0.0, left: 0.0, right: 0.0)
    for (a, b) in zip(left, right) {
        sums.cross += (a - mean) * (b - mean)
        sums.left += (a - mean) * (a - mean)
        sums.right += (b - mean) * (b - mean)
    }
    let scale = (sums.left * sums.right).squareRoot()
    return scale > 0 ? sums.cross / scale : 0
}
