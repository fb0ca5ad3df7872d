;; The ziggurat's loop (normal-layers.ts) over xoroshiro128+ (Blackman and Vigna), whose words are 64 bits wide.
;;
;; Memory: 0 and 8, the generator's two words; 16, the last one drawn, its low 32 bits; 64, of each layer the first place
;; that is not safe (i32); 1088, the widths of a place (f64); 4096 to the end of the page, the values (f32).
(module
  (memory (export "memory") 1)

  ;; Draws values[from .. count - 1] until one is not surely under the curve: its index, or count where none is.
  (func (export "fill") (param $from i32) (param $count i32) (result i32)
    (local $a i64) (local $b i64) (local $word i32) (local $layer i32) (local $place i32)
    (local $at i32) (local $end i32)
    (local.set $a (i64.load (i32.const 0)))
    (local.set $b (i64.load (i32.const 8)))
    (local.set $at (i32.shl (local.get $from) (i32.const 2)))
    (local.set $end (i32.shl (local.get $count) (i32.const 2)))
    (block $stop
      (loop $draw
        (br_if $stop (i32.ge_u (local.get $at) (local.get $end)))

        (local.set $word (i32.wrap_i64 (i64.add (local.get $a) (local.get $b))))
        (local.set $b (i64.xor (local.get $b) (local.get $a)))
        (local.set $a
          (i64.xor
            (i64.xor (i64.rotl (local.get $a) (i64.const 24)) (local.get $b))
            (i64.shl (local.get $b) (i64.const 16))))
        (local.set $b (i64.rotl (local.get $b) (i64.const 37)))

        (local.set $layer (i32.and (local.get $word) (i32.const 255)))
        (local.set $place (i32.shr_s (local.get $word) (i32.const 8)))
        (f32.store offset=4096
          (local.get $at)
          (f32.demote_f64
            (f64.mul
              (f64.convert_i32_s (local.get $place))
              (f64.load offset=1088 (i32.shl (local.get $layer) (i32.const 3))))))

        ;; |place|: the sign's bits flip a negative one, and take 1 from it.
        (local.set $place
          (i32.sub
            (i32.xor (local.get $place) (i32.shr_s (local.get $place) (i32.const 31)))
            (i32.shr_s (local.get $place) (i32.const 31))))
        (br_if $stop
          (i32.ge_s (local.get $place) (i32.load offset=64 (i32.shl (local.get $layer) (i32.const 2)))))

        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $draw)))
    (i64.store (i32.const 0) (local.get $a))
    (i64.store (i32.const 8) (local.get $b))
    (i32.store (i32.const 16) (local.get $word))
    (i32.shr_u (local.get $at) (i32.const 2))))
