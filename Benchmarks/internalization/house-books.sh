#!/bin/sh
# The tables of docs/training.md about house books: arms, labels, schedules, extensions.
#
#   Benchmarks/internalization/house-books.sh FOLDER [LEVEL] [SEEDS]
#
# Writes task folders, runs and reports below FOLDER; goes on where it was interrupted. LEVEL is the size of the book
# (2: 22 codes, 5 examples; 4: the demo's), SEEDS a list such as 1,2,3. Every arm takes the same number of steps.
set -eu
# The demo's base is found from the repository's root.
[ -d config/tasks/house-books/base ] || { echo "run this from the repository's root" >&2; exit 2; }
folder=$1
level=${2:-2}
seeds=${3:-1,2,3}
program=${PROMPTINTERN:-.build/release/promptintern}
task=$folder/task
mkdir -p "$folder"

[ -e "$task/base/config.json" ] || "$program" demo task --output "$task" --level "$level" --train-rows 480
# The same template with other codes: what an adapter still reads of an edited prompt.
[ -e "$folder/edited/base/config.json" ] ||
    "$program" demo task --output "$folder/edited" --level "$level" --book-seed 7 --train-rows 100 --test-rows 200

evaluate() {
    name=$1
    shift
    [ -e "$folder/$name.json" ] && return
    "$program" eval --task "$task" --train --json --report "$folder/$name.html" "$@" > "$folder/$name.part"
    mv "$folder/$name.part" "$folder/$name.json"
}

# 1. The main arms.
evaluate arms --arms NN,A0,A1,B1,B2,B3,B4,C,C-full --seeds "$seeds" --epochs 10 --timed 20 --scored 100 \
    --forgetting "$folder/edited"
# 2. Few labels: as many steps with fewer rows (300 steps of 16).
for pair in 30:150 60:75 120:38 240:19; do
    rows=${pair%:*}
    evaluate "labels-$rows" --arms B1,B3,C,D-mix,D-kd,D-on,D --seeds "$seeds" --timed 0 --rows "$rows" --epochs "${pair#*:}"
done
# 3. At 30 labels, where the arms differ most: schedules, what is left out, extensions and both together.
thirty="--timed 0 --rows 30 --epochs 150"
evaluate schedules --arms B3,C,C-jump,C-exp,C-inv,C-T3,C-T6,C-T7,C-tmp,C-egs,D-adapt,D-smooth --seeds "$seeds" $thirty
evaluate exponential --arms C,D-mix,D-kd,D --curve exponential --seeds "$seeds" $thirty
# 4. What shortens the template, at 30 labels.
for compressor in attribution self-information; do
    evaluate "compressors-$compressor" --arms C --compressor "$compressor" --seeds "$seeds" $thirty
done
