import Foundation

/// The configuration files that make a tool train the stages one from another.
struct ExportConfigs {
    let task: String
    let settings: ExportSettings
    let plan: TrainingPlan
    let stages: [ExportIndex.StageEntry]
    /// The file of query-only held-out rows, if there is one: every stage is tested on it at its end.
    let validation: String?

    /// File names and contents.
    var files: [(name: String, text: String)] {
        switch settings.target {
        case .openai, .peft: []
        case .trl: stages.indices.map { ("stage-\($0).yaml", trl($0)) }
        case .llamaFactory:
            [("dataset_info.json", datasetInfo)] + stages.indices.map { ("stage-\($0).yaml", factory($0)) }
        case .axolotl: stages.indices.map { ("stage-\($0).yaml", axolotl($0)) }
        case .bedrock: stages.indices.map { ("job-\($0).json", bedrock($0)) }
        }
    }

    /// A whole number: `StageExport` refuses others for these tools.
    private var alpha: Int { Int(plan.recipe.alpha) }

    // MARK: The tools

    /// https://huggingface.co/docs/trl: ScriptArguments, SFTConfig, ModelConfig.
    private func trl(_ stage: Int) -> String {
        yaml(stage, "TRL; integrations/trl/train.py runs all stages") + """
            model_name_or_path: \(model)
            use_peft: true
            lora_r: \(plan.recipe.rank)
            lora_alpha: \(alpha)
            lora_dropout: \(plan.recipe.dropout)
            lora_target_modules: all-linear
            datasets:
              - path: json
                data_files: \(quoted(stages[stage].file))
                split: train
            completion_only_loss: true
            packing: false
            max_length: \(length(stage))
            \(training(stage))
            lr_scheduler_type: linear
            save_strategy: "no"
            report_to: none

            """
    }

    /// https://llamafactory.readthedocs.io: the arguments of `llamafactory-cli train`.
    private func factory(_ stage: Int) -> String {
        let template = settings.chatTemplate.map { "template: \(quoted($0))\n" } ?? ""
        let previous = stage > 0 ? "adapter_name_or_path: output/stage-\(stage - 1)\ncreate_new_adapter: false\n" : ""
        return yaml(stage, "LLaMA-Factory: llamafactory-cli train stage-\(stage).yaml, in this folder") + """
            model_name_or_path: \(model)
            stage: sft
            do_train: true
            finetuning_type: lora
            \(previous)lora_rank: \(plan.recipe.rank)
            lora_alpha: \(alpha)
            lora_dropout: \(plan.recipe.dropout)
            lora_target: all
            dataset_dir: .
            dataset: \(quoted(datasetName(stage)))
            \(factoryValidation(stage))\(template)cutoff_len: \(length(stage))
            train_on_prompt: false
            mask_history: true
            packing: false
            \(training(stage))
            lr_scheduler_type: linear
            save_strategy: "no"
            report_to: none

            """
    }

    /// https://docs.axolotl.ai: configuration reference.
    private func axolotl(_ stage: Int) -> String {
        let previous = stage > 0 ? "lora_model_dir: output/stage-\(stage - 1)\n" : ""
        let batch = batches
        return yaml(stage, "Axolotl: axolotl train stage-\(stage).yaml, in this folder") + """
            base_model: \(model)
            adapter: lora
            \(previous)lora_r: \(plan.recipe.rank)
            lora_alpha: \(alpha)
            lora_dropout: \(plan.recipe.dropout)
            lora_target_linear: true
            chat_template: tokenizer_default
            datasets:
              - path: \(quoted(stages[stage].file))
            \(Self.axolotlRows)
            \(axolotlValidation(stage))dataset_prepared_path: prepared/stage-\(stage)
            val_set_size: 0
            sequence_len: \(length(stage))
            sample_packing: false
            train_on_inputs: false
            micro_batch_size: \(batch.micro)
            gradient_accumulation_steps: \(batch.accumulation)
            max_steps: \(stages[stage].steps)
            learning_rate: \(rate)
            lr_scheduler: linear
            warmup_steps: \(warmUp(stage))
            optimizer: adamw_torch
            weight_decay: \(plan.recipe.weightDecay)
            max_grad_norm: \(plan.recipe.clip)
            bf16: auto
            seed: \(plan.recipe.seed)
            logging_steps: 1
            save_strategy: "no"
            output_dir: output/stage-\(stage)

            """
    }

    private static let axolotlRows = """
            ds_type: json
            type: chat_template
            field_messages: messages
            message_property_mappings: {role: role, content: content}
            message_field_training: train
            roles_to_train: [assistant]
            train_on_eos: turn
        """

    private func axolotlValidation(_ stage: Int) -> String {
        guard let validation else { return "" }
        return "test_datasets:\n  - path: \(quoted(validation))\n    split: train\n" + Self.axolotlRows
            + "\neval_steps: \(stages[stage].steps)\neval_batch_size: \(batches.micro)\n"
    }

    private func factoryValidation(_ stage: Int) -> String {
        guard validation != nil else { return "" }
        return """
            eval_dataset: \(quoted(validationName))
            eval_strategy: steps
            eval_steps: \(stages[stage].steps)
            per_device_eval_batch_size: \(batches.micro)

            """
    }

    /// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html
    ///
    /// `${…}` is what only the account's owner knows: `envsubst < job-0.json`.
    private func bedrock(_ stage: Int) -> String {
        let name = "\(task)-stage-\(stage)"
        let base = stage > 0 ? "${STAGE_\(stage - 1)_MODEL_ARN}" : settings.model ?? "${BASE_MODEL}"
        let epochs = min(stages[stage].epochs, settings.limits.maximumEpochs ?? .max)
        let validators = validation.map {
            "\n  \"validationDataConfig\": {\"validators\": [{\"s3Uri\": \"s3://${BUCKET}/\($0)\"}]},"
        }
        return """
            {
              "jobName": \(quoted(name)),
              "customModelName": \(quoted(name)),
              "roleArn": "${ROLE_ARN}",
              "baseModelIdentifier": \(quoted(base)),
              "customizationType": "FINE_TUNING",
              "trainingDataConfig": {"s3Uri": "s3://${BUCKET}/\(stages[stage].file)"},\(validators ?? "")
              "outputDataConfig": {"s3Uri": "s3://${BUCKET}/output/stage-\(stage)/"},
              "hyperParameters": {"epochCount": "\(epochs)"}
            }

            """
    }

    private var datasetInfo: String {
        let files = stages.indices.map { (datasetName($0), stages[$0].file) }
        let entries = (files + (validation.map { [(validationName, $0)] } ?? [])).map { name, file in
            """
              \(quoted(name)): {
                "file_name": \(quoted(file)),
                "formatting": "sharegpt",
                "columns": {"messages": "messages"},
                "tags": {
                  "role_tag": "role", "content_tag": "content", "user_tag": "user",
                  "assistant_tag": "assistant", "system_tag": "system"
                }
              }
            """
        }
        return "{\n" + entries.joined(separator: ",\n") + "\n}\n"
    }

    // MARK: What they share

    private func training(_ stage: Int) -> String {
        let batch = batches
        return """
            per_device_train_batch_size: \(batch.micro)
            gradient_accumulation_steps: \(batch.accumulation)
            max_steps: \(stages[stage].steps)
            learning_rate: \(rate)
            warmup_steps: \(warmUp(stage))
            weight_decay: \(plan.recipe.weightDecay)
            max_grad_norm: \(plan.recipe.clip)
            seed: \(plan.recipe.seed)
            logging_steps: 1
            output_dir: output/stage-\(stage)
            """
    }

    private func yaml(_ stage: Int, _ what: String) -> String {
        let entry = stages[stage]
        let rate = String(format: "%.3f", entry.actualRate)
        return
            "# \(task), stage \(stage + 1) of \(stages.count): \(rate) of the template, \(entry.examples) examples.\n"
            + "# \(what).\n"
    }

    /// In decimal notation: YAML 1.1 reads 1e-05 as text.
    private var rate: String {
        var text = String(format: "%.10f", plan.recipe.rate)
        while text.hasSuffix("0"), !text.hasSuffix(".0") { text.removeLast() }
        return text
    }

    private func datasetName(_ stage: Int) -> String { "\(task)-stage-\(stage)" }

    private var validationName: String { "\(task)-validation" }

    private var model: String { quoted(settings.model ?? "base") }

    /// The longest row, rounded up to leave room for other chat templates.
    private func length(_ stage: Int) -> Int { (stages[stage].maximumTokens + 64 + 63) / 64 * 64 }

    private func warmUp(_ stage: Int) -> Int { max(1, Int(Double(stages[stage].steps) * plan.recipe.warmUp)) }

    /// The largest share of a step's rows that fits on a device and divides them.
    private var batches: (micro: Int, accumulation: Int) {
        let batch = plan.recipe.batch
        let micro = (1...max(1, min(batch, settings.microBatch))).last { batch % $0 == 0 } ?? 1
        return (micro, batch / micro)
    }

    /// A JSON string, which YAML reads as well.
    private func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
